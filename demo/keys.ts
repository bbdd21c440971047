import { emitKeypressEvents, type Key } from 'node:readline';

/**
 * Calls `onKey` with the name of each key, `ctrl-c` for that one. Returns what ends it; null where
 * there is no keyboard.
 */
export function listenToKeys(onKey: (name: string) => void): (() => void) | null {
  const { stdin } = process;
  if (!stdin.isTTY) return null;
  emitKeypressEvents(stdin);
  const onPress = (_: string, { name, ctrl }: Key) => {
    if (name !== undefined) onKey(ctrl === true ? `ctrl-${name}` : name);
  };
  stdin.setRawMode(true).on('keypress', onPress).resume();
  return () => {
    stdin.off('keypress', onPress).setRawMode(false).pause();
  };
}
