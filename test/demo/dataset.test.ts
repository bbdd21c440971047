import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDataset } from '../../demo/dataset.ts';

test('the data set is large, and every row refers to one that is there', () => {
  const { countries, regions, cities } = readDataset(Number.POSITIVE_INFINITY);
  assert.ok(cities.length >= 100_000);
  const codes = new Set(countries.map(({ code }) => code));
  const keys = new Set(regions.map(({ country, code }) => `${country}.${code}`));
  assert.equal(codes.size, countries.length);
  assert.equal(keys.size, regions.length);
  assert.ok(regions.every(({ id, country }, i) => id === i + 1 && codes.has(country)));
  assert.ok(cities.every(({ id, region }, i) => id === i + 1 && regions[region - 1] !== undefined));
});

test('a part of it is complete in itself', () => {
  const { countries, regions, cities } = readDataset(10);
  assert.equal(cities.length, 10);
  assert.ok(countries.length >= 1 && regions.length >= 1 && regions.length <= 10);
});
