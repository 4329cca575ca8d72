import { describe, expect, it } from 'vitest';
import { callOff, Meeting, meetingMemory } from './meeting.js';

// Threads that really wait for each other are in the tests of replicas that train.
describe('a meeting', () => {
  it('gives everybody what all have put down, round by round', () => {
    const memory = meetingMemory(1, 2);
    const meeting = new Meeting(memory, 0, 1);
    for (let round = 0; round < 5; round++) {
      expect([...meeting.exchange(Float32Array.of(round, -round))]).toEqual([round, -round]);
    }
  });

  it('leaves what was read alone when the next round is written', () => {
    const meeting = new Meeting(meetingMemory(1, 1), 0, 1);
    const first = meeting.exchange(Float32Array.of(1));
    meeting.exchange(Float32Array.of(2));
    meeting.exchange(Float32Array.of(3));
    expect([...first]).toEqual([1]);
  });

  it('that is called off lets nobody wait', () => {
    const memory = meetingMemory(2, 1);
    const meeting = new Meeting(memory, 0, 2);
    callOff(memory);
    expect(() => meeting.exchange(Float32Array.of(1))).toThrow('one that failed');
  });
});
