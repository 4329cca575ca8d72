/** What a report says about a training. */

import { drawTraining, type TrainingLog } from './curves.js';
import { figure, grid, type KeyFigure, type Part, percent, table } from './page.js';
import { type Draw, svgFile } from './picture.js';

export function trainingPart(draw: Draw, training: TrainingLog): Part {
  const { history } = training;
  const pictures = drawTraining(draw, training);
  const last = history.at(-1);
  const validated = last?.validationAccuracy !== undefined && last.validationLoss !== undefined;
  const figures: KeyFigure[] = last
    ? [
        ['Training accuracy', percent(last.accuracy)],
        ...(validated ? [['Validation accuracy', percent(last.validationAccuracy)] as const] : []),
      ]
    : [];
  const rows = history.map((log) => [
    `${log.epoch}`,
    log.loss.toFixed(4),
    percent(log.accuracy),
    ...(validated ? [log.validationLoss?.toFixed(4) ?? '–', percent(log.validationAccuracy ?? NaN)] : []),
    log.seconds.toFixed(1),
  ]);
  const head = [
    'epoch',
    'loss',
    'accuracy',
    ...(validated ? ['validation loss', 'validation accuracy'] : []),
    'seconds',
  ];
  const content = [
    grid(pictures.map((picture) => figure(picture, captionOf(picture.name, validated)))),
    ...(rows.length > 0 ? [table('Epochs', head, rows)] : []),
  ];
  return { figures, sections: [{ id: 'training', heading: 'Training', content, files: pictures.map(svgFile) }] };
}

const captionOf = (name: string, validated: boolean): string => {
  const [metric, unit] = name.split('-by-');
  const span = unit === 'epoch' ? 'an epoch' : 'a few steps each';
  const validation = validated ? ' Validation is measured at the end of an epoch.' : '';
  return `${metric === 'loss' ? 'Loss' : 'Accuracy'} by ${unit}. Training values are means over ${span}, while the weights change.${validation}`;
};
