import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  ageGroup,
  countText,
  durationText,
  listText,
  nameText,
  runningSizeText,
  sizeText,
  timeText,
  visibleText,
} from '../../src/core/words.ts';

/** Noon of a Monday, in the machine's own time zone. */
const now = new Date(2026, 10, 23, 12, 0, 0);
const at = (...parts: [number, number, number, number, number]): string => new Date(...parts).toISOString();

describe('words', () => {
  it('gives sizes in MB with one decimal, and small ones in KB', () => {
    assert.equal(sizeText(1_234_567), '1.2 MB');
    assert.equal(sizeText(430 * 1024 * 1024), '450.9 MB');
    assert.equal(sizeText(12_345_678_901), '12,345.7 MB');
    assert.equal(sizeText(8192), '8 KB');
    assert.equal(sizeText(100_000), '0.1 MB');
    assert.equal(sizeText(0), '0 bytes');
    assert.equal(sizeText(1), '1 byte');
  });

  it('leaves the decimals away while a big size grows', () => {
    assert.equal(runningSizeText(310_400_000), '310 MB');
    assert.equal(runningSizeText(2_340_000), '2.3 MB');
  });

  it('gives durations in seconds, then minutes', () => {
    assert.equal(durationText(412), '0.4 s');
    assert.equal(durationText(75_000), '1 min 15 s');
  });

  it('says times as people do', () => {
    assert.equal(timeText(now.toISOString(), now), 'a moment ago');
    assert.equal(timeText(at(2026, 10, 23, 11, 59), now), '1 minute ago');
    assert.equal(timeText(at(2026, 10, 23, 11, 58), now), '2 minutes ago');
    assert.equal(timeText(at(2026, 10, 23, 9, 5), now), 'today 09:05');
    assert.equal(timeText(at(2026, 10, 22, 17, 3), now), 'yesterday 17:03');
    assert.equal(timeText(at(2026, 10, 20, 17, 3), now), '3 days ago 17:03');
    assert.equal(timeText(at(2026, 10, 14, 17, 3), now), '14 Nov 17:03');
    assert.equal(timeText(at(2025, 0, 2, 17, 3), now), '2 Jan 2025 17:03');
    assert.equal(timeText(at(2026, 10, 24, 17, 3), now), '24 Nov 17:03');
    assert.equal(timeText('yesterday', now), 'yesterday');
  });

  it('groups moments under the headings of a pick', () => {
    assert.equal(ageGroup(at(2026, 10, 23, 0, 1), now), 'Today');
    assert.equal(ageGroup(at(2026, 10, 22, 23, 59), now), 'Yesterday');
    assert.equal(ageGroup(at(2026, 10, 18, 12, 0), now), 'This week');
    assert.equal(ageGroup(at(2026, 9, 1, 12, 0), now), 'Older');
  });

  it('shortens long lists of names', () => {
    assert.equal(listText(['session', 'cart']), 'session, cart');
    assert.equal(listText(Array.from({ length: 14 }, (_, index) => `t${index}`)), 't0, t1, t2 and 11 more');
    assert.equal(countText(1204, 'table'), '1,204 tables');
  });

  it('takes command links in names apart', () => {
    assert.equal(nameText('[click](command:workbench.action.quit)'), '[click] (command:workbench.action.quit)');
  });

  it('makes control and bidirectional characters visible', () => {
    assert.equal(nameText('a\u{202e}b\u{7}c\nd'), 'a\\u{202e}b\\u{7}c d');
    assert.equal(visibleText('one\ntwo\u{1b}[31m'), 'one\ntwo\\u{1b}[31m');
  });

  it('cuts names that would fill the screen', () => {
    assert.equal(Array.from(nameText('🐘'.repeat(500))).length, 99);
  });
});
