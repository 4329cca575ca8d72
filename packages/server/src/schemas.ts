/** The answers' shapes, as /openapi.json describes them. */

export const problemSchema = {
  $id: 'Problem',
  type: 'object',
  description: 'What is wrong: who complains, what was expected, what came, and what to do',
  required: ['code', 'who', 'expected', 'received', 'remedy'],
  properties: {
    code: { type: 'string', description: 'For programs: bad-argument, bad-image, overloaded, ...' },
    who: { type: 'string' },
    expected: { type: 'string' },
    received: { type: 'string' },
    remedy: { type: 'string' },
  },
} as const;

/** What else a recognizer tells is passed on, too. */
const open = { type: 'object', additionalProperties: true } as const;

const probability = { type: 'number', minimum: 0, maximum: 1 } as const;
const digit = {
  digit: { type: ['integer', 'null'], description: '0 to 9; null for an empty image, a blank, and what is rejected' },
  rejected: {
    type: 'string',
    description: 'Why it is not read, where the server may reject: blank, low-confidence or out-of-domain',
  },
  confidence: probability,
  probabilities: { type: 'array', items: probability, description: 'One for each class, where asked for' },
} as const;

export const answerSchema = {
  $id: 'Answer',
  ...open,
  description:
    'Of one image: a digit, or by a model that reads several a text with its slots, or an error that befell it alone',
  properties: {
    name: { type: 'string', description: "The file's name in a form" },
    ...digit,
    text: { type: 'string', description: 'The digits in a row; ? for one that is rejected' },
    slots: { type: 'array', items: { ...open, properties: digit } },
    error: { $ref: 'Problem#' },
  },
} as const;

export const answersSchema = {
  $id: 'Answers',
  type: 'object',
  required: ['model', 'predictions'],
  properties: {
    model: { type: 'string' },
    predictions: { type: 'array', items: { $ref: 'Answer#' }, description: 'One for each image, in their order' },
  },
} as const;

export const refusalSchema = {
  $id: 'Refusal',
  type: 'object',
  required: ['error'],
  properties: {
    error: { $ref: 'Problem#' },
    predictions: {
      type: 'array',
      items: { $ref: 'Answer#' },
      description: 'Where none of several images could be used',
    },
  },
} as const;

const box = {
  type: 'object',
  properties: { x: { type: 'number' }, y: { type: 'number' }, width: { type: 'number' }, height: { type: 'number' } },
} as const;

export const readingSchema = {
  ...open,
  properties: {
    model: { type: 'string' },
    text: { type: 'string', description: 'All lines, one below the other' },
    lines: {
      type: 'array',
      items: {
        ...open,
        properties: {
          text: { type: 'string' },
          confidence: probability,
          box,
          digits: { type: 'array', items: { ...open, properties: { ...digit, box } } },
        },
      },
    },
  },
} as const;

export const modelsSchema = {
  type: 'object',
  properties: { models: { type: 'array', items: { ...open, properties: { name: { type: 'string' } } } } },
} as const;

/** The errors that any of the routes under /v1 may answer with. */
export const refusals = {
  '4xx': { description: 'The request or its images cannot be used, or there are too many (429)', $ref: 'Refusal#' },
  '5xx': { description: 'No answer in time, draining (503), or a failure of the server', $ref: 'Refusal#' },
} as const;

const size = { type: 'integer', minimum: 1, maximum: 65_535 } as const;

export const pixelQuery = {
  width: { ...size, description: "Of raw pixels; default is the model's" },
  height: { ...size, description: "Of raw pixels; default is the model's" },
  channels: { type: 'integer', enum: [1, 2, 3, 4], description: 'Of raw pixels; default 1, grey' },
} as const;

const imageInput = {
  description: 'An encoded image in base64 or as a data URL; rows of grey pixels; or raw pixels with their size',
  anyOf: [
    { type: 'string' },
    { type: 'array', items: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } } },
    { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } },
    {
      type: 'object',
      required: ['data'],
      properties: {
        data: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'integer' } }] },
        width: size,
        height: size,
        channels: { type: 'integer', enum: [1, 2, 3, 4] },
      },
    },
  ],
} as const;

const binary = { schema: { type: 'string', format: 'binary' } } as const;

/** The bodies that hold images, for the description alone: they are read, and complained of, by bodies/. */
export const imageBody = (several: boolean) => ({
  content: {
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: several ? { image: { type: 'array', items: binary.schema } } : { image: binary.schema },
      },
    },
    'application/json': {
      schema: {
        type: 'object',
        properties: several
          ? { image: imageInput, images: { type: 'array', items: imageInput } }
          : { image: imageInput },
      },
    },
    'image/*': binary,
    'application/octet-stream': binary,
  },
});
