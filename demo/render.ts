import type { Load } from './load.ts';
import type { MemberProcess } from './member-process.ts';
import { leaderAmong, type Sighting } from './observe.ts';
import { bold, count } from './screen.ts';

/** All that the view shows. */
export interface Picture {
  readonly sightings: readonly Sighting[];
  readonly load: Load;
  readonly lost: number;
  readonly events: readonly string[];
  readonly keys: boolean;
}

const COLUMNS = ['member', 'role', 'pid', 'term', 'commit', 'applied', 'lag', 'http'];
/** Numbers are set flush right. */
const RIGHT = new Set(['pid', 'term', 'commit', 'applied', 'lag']);

export function renderPicture({ sightings, load, lost, events, keys }: Picture): string[] {
  const leader = leaderAmong(sightings)?.member ?? null;
  return [
    '',
    ...renderMembers(sightings),
    '',
    ...renderLoad(load, lost),
    '',
    bold(renderKillHint(leader)),
    ...(events.length === 0 ? [] : ['', ...events]),
    ...(keys ? ['', renderKeys(sightings)] : []),
  ];
}

/** The same in one line, for a file or a pipe. */
export function renderLine({ sightings, load, lost }: Picture): string {
  const members = sightings.map((sighting) => {
    const [id, role, pid, term, , applied, lag] = cellsOf(sighting, sightings);
    if (sighting.status === null) return `${id} ${role}`;
    return `${id} ${role} pid ${pid} term ${term} applied ${applied} lag ${lag}`;
  });
  return [...members, ...renderLoad(load, lost)].join(' · ');
}

function renderMembers(sightings: readonly Sighting[]): string[] {
  const rows = sightings.map((sighting) => cellsOf(sighting, sightings));
  const table = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  const lines = table.map(
    (row) => `  ${row.map((cell, i) => pad(cell, i, widths[i]!)).join('  ')}`,
  );
  return lines.map((line, i) => (sightings[i - 1]?.status?.role === 'leader' ? bold(line) : line));
}

function pad(cell: string, column: number, width: number): string {
  return RIGHT.has(COLUMNS[column]!) ? cell.padStart(width) : cell.padEnd(width);
}

function cellsOf({ member, status }: Sighting, all: readonly Sighting[]): string[] {
  const { id, settings } = member;
  const pid = member.pid === null ? '-' : String(member.pid);
  if (status === null) return [id, describeState(member), pid, '-', '-', '-', '-', settings.url];
  const { role, term, commitIndex, appliedIndex } = status;
  const head = leaderAmong(all)?.status?.commitIndex ?? commitIndex;
  const lag = count(Math.max(0, head - appliedIndex));
  return [id, role, pid, String(term), count(commitIndex), count(appliedIndex), lag, settings.url];
}

function describeState({ state }: MemberProcess): string {
  return state === 'up' ? 'silent' : state === 'died' ? 'down' : state;
}

/** Two lines: one would not fit into 80 columns. */
function renderLoad(load: Load, lost: number): string[] {
  const nowMs = performance.now();
  const writes = load.writes.read(nowMs);
  const reads = load.reads.read(nowMs);
  const p50 = (ms: number | null) => (ms === null ? '' : ` (p50 ${ms.toFixed(1)} ms)`);
  const rates = [
    `${count(writes.perSecond)} writes/s${p50(writes.p50Ms)}`,
    `${count(reads.perSecond)} reads/s${p50(reads.p50Ms)}`,
  ];
  return [rates.join(' · '), `${count(load.acknowledged)} writes acknowledged, ${lost} lost`];
}

export function renderKillHint(leader: MemberProcess | null): string {
  if (leader === null) return 'nobody leads: writes wait until two members see each other';
  return `kill the leader from another terminal:  kill -9 ${leader.pid}`;
}

function renderKeys(sightings: readonly Sighting[]): string {
  const down = sightings
    .filter(({ member }) => member.state === 'died')
    .map(({ member }) => member.id);
  const restart = down.length === 0 ? '' : ` · ${down.join(' ')} or r: restart`;
  return `k: kill -9 the leader${restart} · q: quit`;
}
