import { execFileSync, spawnSync } from 'node:child_process';

/** A user as whom something is started. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** null: there is no such user. */
export function accountNamed(name: string): Account | null {
  const { status } = spawnSync('id', [name], { stdio: 'ignore' });
  if (status !== 0) return null;
  const number = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { name, uid: number('-u'), gid: number('-g') };
}

/** Whether the user has a right of way to the directory: asked of the system, which knows more than the mode's bits. */
export function mayEnter(dir: string, { uid, gid }: Account): boolean {
  return spawnSync('test', ['-x', dir], { uid, gid, cwd: '/' }).status === 0;
}
