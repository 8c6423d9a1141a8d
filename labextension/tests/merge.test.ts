import { describe, expect, it } from 'vitest';

import { mergeChange } from '../src/channel/merge';
import type { IState } from '../src/channel';

const state: IState = {
  version: 1,
  seq: 4,
  cloudshelf: '0.1.0',
  shelf: null,
  requirements: [],
  pins: [
    {
      project: 'numpy',
      version: '2.4.6',
      asked: true,
      modules: ['numpy'],
      loaded: [],
      files: 10,
      present: 1,
      bytes: 100,
      fetched: 10,
      seconds: null,
      lock_version: null,
      blocked: null,
      badges: ['pinned']
    }
  ],
  provided: {},
  busy: null,
  totals: { bytes: 100, fetched: 10 },
  notebook: null,
  restart: null,
  problem: null
};

describe('a change', () => {
  it('replaces top-level keys and fields of single pins', () => {
    const merged = mergeChange(state, {
      type: 'change',
      seq: 5,
      set: { totals: { bytes: 100, fetched: 60 } },
      pins: { numpy: { fetched: 60, badges: ['loaded'] } }
    });
    expect(merged?.totals.fetched).toBe(60);
    expect(merged?.pins[0]).toMatchObject({
      version: '2.4.6',
      fetched: 60,
      badges: ['loaded']
    });
  });

  it('leaves the state as it was that others still hold', () => {
    mergeChange(state, {
      type: 'change',
      seq: 5,
      pins: { numpy: { fetched: 99 } }
    });
    expect(state.pins[0]?.fetched).toBe(10);
  });

  it('that is in the state already changes nothing', () => {
    const late = { type: 'change', seq: 3, set: { pins: [] } } as const;
    expect(mergeChange(state, { ...late, set: { pins: [] } })).toBe(state);
  });

  it('after a gap says that the state must be asked for again', () => {
    expect(mergeChange(state, { type: 'change', seq: 6 })).toBeNull();
  });

  it('of a project that is no pin is no pin', () => {
    const merged = mergeChange(state, {
      type: 'change',
      seq: 5,
      pins: { toString: { fetched: 1 } }
    });
    expect(merged?.pins).toHaveLength(1);
  });
});
