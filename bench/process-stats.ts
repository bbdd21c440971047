import { readFileSync } from 'node:fs';

/** Jiffies in a second, as Linux shows them to programs on every architecture that Node runs on. */
const USER_HZ = 100;

/** Processor time that a process has used so far, all threads; NaN where there is no /proc. */
export function cpuSeconds(pid: number): number {
  const stat = readProc(pid, 'stat');
  // The second field is the name in brackets and may hold blanks: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
}

/** The most memory that a process has had resident, in MiB; NaN where there is no /proc. */
export function peakRssMib(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))?.[1];
  return Number(kib ?? Number.NaN) / 1024;
}

function readProc(pid: number, name: string): string {
  return process.platform === 'linux' ? readFileSync(`/proc/${pid}/${name}`, 'utf8') : '';
}
