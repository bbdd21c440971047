import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionFlags, withClient } from './connection.ts';
import { renderStatus } from './render-status.ts';

interface StatusFlags extends ConnectionFlags {
  readonly json?: true;
}

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('show a member and its cluster as it sees it')
    .option('--json', 'print it as JSON');
  addConnectionOptions(command).action((flags: StatusFlags) =>
    withClient(flags, async (database) => {
      const status = await database.status();
      process.stdout.write(`${flags.json ? JSON.stringify(status) : renderStatus(status)}\n`);
    }),
  );
}
