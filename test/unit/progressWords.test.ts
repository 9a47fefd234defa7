import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createProgressText, percentOf } from '../../src/core/progressWords.ts';

describe('the progress line', () => {
  it('shows percent, bytes and speed', () => {
    let time = 0;
    const text = createProgressText(() => time);
    text({ phase: 'dumping', doneBytes: 215_000_000, totalBytes: 738_000_000 });
    time = 1000;
    assert.equal(text({ phase: 'dumping', doneBytes: 310_000_000, totalBytes: 738_000_000 }), '42 % · 310 MB · 95 MB/s');
  });

  it('shows bytes and rows where the end is unknown', () => {
    const text = createProgressText(() => 0);
    assert.equal(text({ phase: 'restoring', doneBytes: 2_000_000, rows: 1204 }), '2.0 MB · 1,204 rows');
  });

  it('names the phases around the main one', () => {
    const text = createProgressText(() => 0);
    assert.equal(text({ phase: 'preparing' }), 'preparing');
    assert.equal(text({ phase: 'safety', doneBytes: 50, totalBytes: 100 }), 'making a safety dump · 50 % · 50 bytes');
  });

  it('forgets the speed of the phase before', () => {
    let time = 0;
    const text = createProgressText(() => time);
    text({ phase: 'safety', doneBytes: 0 });
    time = 1000;
    assert.equal(text({ phase: 'restoring', doneBytes: 90_000_000 }), '90 MB');
  });

  it('goes by the last seconds, not by the whole job', () => {
    let time = 0;
    const text = createProgressText(() => time);
    for (; time <= 10_000; time += 1000) text({ phase: 'dumping', doneBytes: time * 1000 });
    assert.equal(text({ phase: 'dumping', doneBytes: 10_000_000 }).split(' · ').at(-1), '0.7 MB/s');
  });

  it('never counts beyond the end', () => {
    assert.equal(percentOf({ phase: 'dumping', doneBytes: 12, totalBytes: 10 }), 100);
    assert.equal(percentOf({ phase: 'dumping', doneBytes: 12, totalBytes: 0 }), undefined);
    assert.equal(percentOf({ phase: 'dumping' }), undefined);
  });
});
