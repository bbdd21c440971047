import type { Command } from 'commander';

/** No default, which the help would show as `[]`. */
const append = (value: string, list: readonly string[] = []) => [...list, value];

const EXAMPLES = `
Examples:
  One member alone, for SQL at http://127.0.0.1:4000:
    paceline serve --dir data --id a --http 127.0.0.1:4000
  One of three; the others get the same list, and their own --dir, --id and --http:
    paceline serve --dir data/a --id a --http 127.0.0.1:4000 --secret-file secret \\
      --member a=127.0.0.1:7000 --member b=127.0.0.1:7001 --member c=127.0.0.1:7002`;

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run one member of a cluster until SIGTERM or SIGINT')
    .option('--dir <DIR>', 'directory of this member, made when missing')
    .option('--id <ID>', 'name of this member')
    .option('--listen <HOST:PORT>', 'listen here for the other members (default: its address)')
    .option(
      '--member <ID=HOST:PORT>',
      'a member, itself included; give it once for each (default: this one alone)',
      append,
    )
    .option('--http <HOST:PORT>', 'serve HTTP here (default: not at all)')
    .option('--secret-file <FILE>', "file with the members' shared secret")
    .option('--config <FILE>', 'JSON file with these settings and more; flags go first')
    .option('--import <FILE>', 'SQLite file that a new cluster starts with')
    .option('--cluster <NAME>', 'name of the cluster, the same on all members')
    .option('--page-size <BYTES>', 'page size of a new database')
    .option('--log-level <LEVEL>', 'debug, info, warn, error or silent (default: info)')
    .option('--set <NAME=NUMBER>', 'any other numeric option of docs/limits.md; repeatable', append)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ServeFlags) => {
      // Loaded here, because no other command needs SQLite and all that a member is made of.
      const { runServe } = await import('./run-serve.ts');
      await runServe(flags);
    });
}

/** As commander hands them over; the rest are strings under their own names. */
export interface ServeFlags extends Record<string, unknown> {
  readonly config?: string;
  readonly member?: readonly string[];
  readonly set?: readonly string[];
  readonly pageSize?: string;
}
