import { type Cluster, startCluster } from './fixture.ts';
import { until } from './until.ts';
import { CREATE, CREATE_INDEX, type Workload } from './workload.ts';

/** A running cluster with the table that workloads write to. */
export async function startWithTable(...args: Parameters<typeof startCluster>): Promise<Cluster> {
  const cluster = await startCluster(...args);
  await cluster.members[0]!.execute(CREATE);
  await cluster.members[0]!.execute(CREATE_INDEX);
  return cluster;
}

/** Waits until `count` more writes were acknowledged. */
export async function progress(work: Workload, count: number): Promise<void> {
  const goal = work.acknowledged.size + count;
  await until(`${count} more writes`, () => work.acknowledged.size >= goal);
}
