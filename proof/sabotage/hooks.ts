import type { InitializeHook, LoadHook } from 'node:module';
import { type Sabotage, sabotaged } from './sabotage.ts';

/** Node's module hooks: they change one line of one file while it is loaded, so the product knows nothing of it. */
let current: Sabotage | null = null;

export const initialize: InitializeHook<Sabotage> = (sabotage) => {
  current = sabotage;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (current === null || !url.endsWith(`/build/${current.file}`)) return loaded;
  const source = sabotaged(current, String(loaded.source));
  return { ...loaded, source };
};
