/** What the parent asks of a process of the application, and what that says. */
export interface Asked {
  readonly key: number;
  readonly ask: 'migrate' | 'leader' | 'work' | 'stop' | 'report' | 'close';
}

export type Told =
  | { readonly type: 'ready' }
  | { readonly type: 'acknowledged'; readonly reference: string }
  | { readonly type: 'answer'; readonly key: number; readonly value: unknown }
  | { readonly type: 'error'; readonly key: number; readonly message: string };
