/** Where values come from: the file's weights, and inputs that the signature does not name. */

import { edgeRow, type GraphRows } from './row.js';

export const sourceRows = {
  Const: edgeRow((c) => c.constant(c.node.name)),
  Placeholder: edgeRow((c) => c.placeholder()),
  PlaceholderWithDefault: (c) => c.inputs[0]!,
  NoOp: () => [],
} satisfies GraphRows;
