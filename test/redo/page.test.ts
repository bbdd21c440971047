import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { checkImage, makeRedoPage, pageImage } from '../../src/redo/page.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { randomPage } from './pages.ts';

const prng = new Prng(1);
const hasher = new PageHasher();
const noBase = () => assert.fail('no base is needed');

test('a page takes the form that saves most, and every form leads back to it', () => {
  const base = randomPage(prng, 1024);
  const near = base.slice();
  near[77]! ^= 1;
  const sparse = new Uint8Array(1024).fill(5, 900);
  const dense = randomPage(prng, 1024);
  const cases = [
    { image: near, base, form: 'delta' },
    { image: sparse, base, form: 'zero-delta' },
    { image: sparse, base: null, form: 'zero-delta' },
    { image: dense, base, form: 'whole' },
    { image: dense, base: null, form: 'whole' },
  ];
  for (const { image, base: before, form } of cases) {
    const page = makeRedoPage(3, image, hasher.hash(3, image).take(), before);
    assert.equal(page.form, form);
    const back = pageImage(page, 1024, form === 'delta' ? () => base : noBase);
    assert.deepEqual(back, image);
    checkImage(hasher, 3, back, page.hash);
  }
});

test('a delta on another base is noticed', () => {
  const base = randomPage(prng, 1024);
  const image = base.slice();
  image[5]! ^= 1;
  const page = makeRedoPage(8, image, hasher.hash(8, image).take(), base);
  base[900]! ^= 1;
  const wrong = pageImage(page, 1024, () => base);
  const expected = { code: 'DATABASE_DIVERGED', message: /page 8 / };
  assert.throws(() => checkImage(hasher, 8, wrong, page.hash), expected);
});
