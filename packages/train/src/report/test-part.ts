/** What a report says about an evaluation: key figures, where the model is right and wrong, and how well it knows. */

import { calibrationIn, openModel, type SessionFactory } from '@denary/core';
import { atTemperature, eceOf } from '../calibrate.js';
import type { Dataset } from '../data/dataset.js';
import type { Evaluation } from '../evaluate.js';
import type { RejectionRow } from '../measure-rejection.js';
import { drawCalibration } from './calibration-pictures.js';
import { drawClassMeasures, drawConfusion } from './class-pictures.js';
import { html } from './html.js';
import { embeddingSection, mistakesSection, samplesSection, weightsSection } from './image-sections.js';
import { classText } from './labels.js';
import { type Calibration, calibrationOf, classMeasures, confusionOf } from './measures.js';
import { figure, grid, type KeyFigure, type Part, percent, type Section, table, whole } from './page.js';
import { parametersOf } from './parameters.js';
import { type Draw, svgFile } from './picture.js';
import { type Readings, readingsOf } from './readings.js';

/** An evaluation and what it was made of. */
export interface Test {
  /** The bytes of the model. */
  readonly model: Uint8Array;
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
  /** Must run the model that it is given: one that is derived from `model`. */
  readonly createSession: SessionFactory;
  /** What measureRejection found, if it was asked. */
  readonly rejection?: readonly RejectionRow[] | undefined;
}

export async function testPart(draw: Draw, test: Test, seed: number, signal?: AbortSignal): Promise<Part> {
  const { dataset, evaluation } = test;
  const { model } = openModel(test.model, 'createReport');
  const { temperature } = calibrationIn(model, 'createReport');
  // Checked against the data before anything is made of it.
  readingsOf(evaluation, dataset);
  const raw = { probabilities: evaluation.probabilities, labels: dataset.labels };
  const readings = readingsOf(atTemperature(raw, temperature), dataset);
  const calibration = calibrationOf(readings);
  const sections = [
    classesSection(draw, test, readings),
    calibrationSection(draw, calibration, { temperature, before: eceOf(raw) }),
    test.rejection && rejectionSection(test.rejection),
    mistakesSection(dataset, readings),
    samplesSection(dataset, readings.classes, seed),
    weightsSection(draw, model, dataset),
    await embeddingSection(draw, { ...test, readings, seed, signal }),
  ];
  return {
    figures: keyFigures(test, parametersOf(model), calibration),
    sections: sections.filter((section) => section !== undefined),
  };
}

function keyFigures({ dataset, evaluation }: Test, parameters: number, calibration: Calibration): KeyFigure[] {
  const { accuracy, wholeAccuracy, loss, count, imagesPerSecond } = evaluation;
  return [
    [dataset.slots > 1 ? 'Accuracy by digit' : 'Accuracy', percent(accuracy)],
    ...(dataset.slots > 1 ? [['Whole images right', percent(wholeAccuracy)] as const] : []),
    ['Loss', loss.toFixed(4)],
    ['Calibration error', percent(calibration.error)],
    ['Test images', whole(count)],
    ['Images/s', whole(imagesPerSecond)],
    ['Parameters', whole(parameters)],
  ];
}

function classesSection(draw: Draw, { dataset, evaluation }: Test, readings: Readings): Section {
  const { classes } = readings;
  const confusion = confusionOf(readings);
  const measures = classMeasures(confusion, classes);
  const [matrix, shares] = [
    drawConfusion(draw, confusion, measures, classes),
    drawClassMeasures(draw, measures, classes),
  ];
  const rows = measures.map(({ label, precision, recall, f1, support }) => [
    classText(label, classes),
    percent(precision),
    percent(recall),
    percent(f1),
    whole(support),
  ]);
  const bySlot = evaluation.slotAccuracy.map((accuracy, slot) => [`${slot + 1}`, percent(accuracy)]);
  const content = grid([
    figure(
      matrix,
      html`Confusion matrix of ${dataset.name}${dataset.slots > 1 ? ', every digit position counted' : ''}: each row shows what the
samples of one class were read as. Mistakes are coloured by their share of the row, the most frequent one strongest.`,
    ),
    html`<div>${figure(
      shares,
      'Precision: the share of what was read as a class that is of it. Recall: the share of a class that was read as it.',
    )}
${table('Precision, recall and F1 by class', ['class', 'precision', 'recall', 'F1', 'samples'], rows)}
${dataset.slots > 1 ? table('Accuracy by position, from the left', ['position', 'accuracy'], bySlot) : ''}</div>`,
  ]);
  return { id: 'classes', heading: 'By class', content, files: [svgFile(matrix), svgFile(shares)] };
}

/** The temperature of the model, and the expected calibration error without it. */
interface Tempering {
  readonly temperature: number;
  readonly before: number;
}

function calibrationSection(draw: Draw, calibration: Calibration, { temperature, before }: Tempering): Section {
  const [diagram, histogram] = drawCalibration(draw, calibration);
  const content = grid([
    figure(
      diagram,
      html`Reliability diagram: how many of the readings with a confidence are right; on the dashed line, exactly as many as the
confidence says. The expected calibration error, ${percent(calibration.error)}, is the mean distance from that line, weighted by
samples, in ${calibration.bins.length} bins of equal width: ECE = Σ (nᵢ / n) |accuracyᵢ − confidenceᵢ| (Guo et al., “On calibration
of modern neural networks”, ICML 2017).${
        temperature === 1
          ? ' The model has no temperature of its own.'
          : ` The model's temperature, ${temperature.toFixed(3)}, is applied, as predictions have it; without it the error is ${percent(before)}.`
      }`,
    ),
    figure(histogram, 'How often each confidence occurs.'),
  ]);
  return { id: 'calibration', heading: 'Calibration', content, files: [svgFile(diagram), svgFile(histogram)] };
}

function rejectionSection(rows: readonly RejectionRow[]): Section {
  const shares = rows[0]?.refused ?? [];
  const head = ['', 'images', 'blank', 'AUROC, confidence', 'AUROC, distance'];
  const body = rows.map(({ kind, count, blank, areaByConfidence, areaByDistance, refused, auto }) => [
    ...[kind, whole(count), percent(blank)],
    ...[areaByConfidence, areaByDistance].map((area) => (Number.isNaN(area) ? '–' : area.toFixed(3))),
    ...refused.map(({ share }) => percent(share)),
    percent(auto),
  ]);
  const content = html`${table(
    'What is refused, as a share of the images',
    [...head, ...shares.map(({ digits }) => `at ${percent(digits)}`), 'auto'],
    body,
  )}
<p>Refused is what is blank, of low confidence, or like no digit to the small net beside the model: at each share, with limits
that refuse so many of these digits; auto, with the limits in the model. AUROC is the chance that such an image is more doubtful
than a digit. That net was taught by random characters and shapes, and by digits side by side, mirrored and turned.</p>`;
  return { id: 'rejection', heading: 'Rejection', content, files: [] };
}
