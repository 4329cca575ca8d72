/** What the server counts, in Prometheus' words: docs/service.md lists it. */

import type { Reading } from '@denary/core';
import { workerMemory } from '@denary/runtime-node';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ServedModel } from './model.js';

/** What may come of an image, besides errors. */
export const OK = { outcome: 'ok' } as const;
export const REJECTED = { outcome: 'rejected' } as const;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const IMAGES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly requests = new Counter({
    name: 'denary_http_requests_total',
    help: 'Requests that were answered',
    labelNames: ['method', 'route', 'status'] as const,
    registers: this.registers,
  });
  readonly inProgress = new Gauge({
    name: 'denary_http_requests_in_progress',
    help: 'Requests whose head has come, and that are neither answered nor given up',
    registers: this.registers,
  });
  readonly duration = new Histogram({
    name: 'denary_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['route'] as const,
    buckets: SECONDS,
    registers: this.registers,
  });
  readonly images = this.outcomes(
    'denary_images_total',
    'Images that were to be predicted, by what came of them: ok, rejected or the code of an error',
  );
  readonly sheets = this.outcomes(
    'denary_sheets_total',
    'Sheets that were to be read, by what came of them: ok or the code of an error',
  );
  readonly sheetDigits = this.outcomes(
    'denary_sheet_digits_total',
    'Digits that were found on sheets, by what came of them: ok or rejected',
  );
  readonly batchSize = new Histogram({
    name: 'denary_batch_size_images',
    help: 'Images that went through the model together',
    buckets: IMAGES,
    registers: this.registers,
  });
  readonly workersLost = new Counter({
    name: 'denary_workers_lost_total',
    help: 'Worker threads or processes that died and were replaced',
    registers: this.registers,
  });
  readonly reloads = this.outcomes('denary_model_reloads_total', 'Reloads of the model');

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    if (workerMemory() === undefined) return;
    this.gauge(
      'denary_worker_processes_resident_memory_bytes',
      'Resident memory of the worker processes together; the code that they share counts in each of them',
      () => workerMemory()!,
    );
  }

  /** Counts a sheet that was read, and what was found on it. */
  countReading({ lines }: Reading): void {
    this.sheets.inc(OK);
    for (const { digits } of lines) {
      for (const { rejected } of digits) this.sheetDigits.inc(rejected ? REJECTED : OK);
    }
  }

  /** Looks at the model whenever metrics are asked for. */
  watch(model: ServedModel): void {
    this.gauge('denary_queue_images', 'Images that have no answer yet', () => model.recognizer.pending);
    this.gauge(
      'denary_queue_limit_images',
      'Images without an answer at which further ones are refused',
      () => model.recognizer.info.maxQueue,
    );
    new Gauge({
      name: 'denary_model_info',
      help: 'The model that is served; always 1',
      labelNames: ['name', 'sha256', 'device', 'isolation', 'workers'] as const,
      registers: this.registers,
      collect() {
        const { name, sha256 = '', device, isolation, workers } = model.facts;
        this.reset();
        this.set({ name, sha256, device, isolation, workers }, 1);
      },
    });
  }

  /** Counts by what came of something. */
  private outcomes(name: string, help: string): Counter<'outcome'> {
    return new Counter({ name, help, labelNames: ['outcome'], registers: this.registers });
  }

  /** Read whenever metrics are asked for. */
  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.registers,
      collect() {
        this.set(read());
      },
    });
  }
}
