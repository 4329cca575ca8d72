import type { Session } from '@denary/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fastestSession } from './devices.js';

/** As the tests have it: only runs take any. */
let time = 0;
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => time));
afterEach(() => vi.restoreAllMocks());

/** A session whose runs take that long. */
function fakeSession(device: 'wasm' | 'webgpu', milliseconds: number) {
  const session = {
    device,
    closed: false,
    inputs: [{ name: 'image', dtype: 'uint8', shape: ['batch', 28, 28] }],
    run: async () => {
      time += milliseconds;
      return {};
    },
    close: async () => {
      session.closed = true;
    },
  };
  return session;
}

async function choose(wasm: number, webgpu: number | Error, gpu = true) {
  const opened: Record<string, ReturnType<typeof fakeSession>> = {};
  const open = async (device: 'wasm' | 'webgpu') => {
    if (device === 'webgpu' && webgpu instanceof Error) throw webgpu;
    opened[device] = fakeSession(device, device === 'wasm' ? wasm : Number(webgpu));
    return opened[device] as unknown as Session;
  };
  const { session, notes } = await fastestSession(open, async () => gpu);
  return { device: session.device, notes, opened };
}

describe('auto', () => {
  it('does not load WebGPU where there is no GPU, or nothing that anybody would notice to be gained', async () => {
    for (const { device, opened, notes } of [await choose(20, 1, false), await choose(1, 0)]) {
      expect(device).toBe('wasm');
      expect(Object.keys(opened)).toEqual(['wasm']);
      expect(notes.length).toBeLessThanOrEqual(1);
    }
  });

  it('takes the device that is faster, and closes the other', async () => {
    const gpu = await choose(40, 1);
    expect([gpu.device, gpu.opened.wasm!.closed, gpu.opened.webgpu!.closed]).toEqual(['webgpu', true, false]);
    const cpu = await choose(20, 60);
    expect([cpu.device, cpu.opened.wasm!.closed, cpu.opened.webgpu!.closed]).toEqual(['wasm', false, true]);
    expect(cpu.notes[0]).toMatch(/ms on WebAssembly and .* ms on WebGPU/);
  });

  it('stays on WebAssembly where WebGPU does not work, and says why', async () => {
    const { device, notes } = await choose(20, new Error('no such adapter'));
    expect(device).toBe('wasm');
    expect(notes[0]).toContain('no such adapter');
  });
});
