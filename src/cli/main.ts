#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { AssertionError } from '../base/assert.ts';
import { addDump } from './dump.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { addLost } from './lost.ts';
import { describeError, reportError } from './report.ts';
import { addServe } from './serve.ts';
import { addSql } from './sql.ts';
import { addStatus } from './status.ts';
import { addVerify } from './verify.ts';
import { VERSION } from './version.ts';

const program = new Command('paceline')
  .description('Leader-follower replication for SQLite')
  .version(VERSION)
  .showHelpAfterError('(--help lists what there is)')
  .exitOverride();
for (const add of [addServe, addSql, addStatus, addDump, addLost, addVerify]) add(program);

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.OK : EXIT.USAGE; // commander has said why
  } else {
    if (error instanceof AssertionError) console.error(error.stack);
    reportError(describeError(error));
    process.exit(exitCodeOf(error)); // a start that failed half-way may have left timers behind
  }
}
