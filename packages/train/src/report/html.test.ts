import { describe, expect, it } from 'vitest';
import { html, raw } from './html.js';
import { settingRows } from './settings.js';

describe('html', () => {
  it('escapes what is put in, in text and in attributes', () => {
    const name = `<b title="x">&'`;
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&lt;b title=&quot;x&quot;&gt;&amp;&#39;">&lt;b title=&quot;x&quot;&gt;&amp;&#39;</p>',
    );
  });

  it('takes HTML as it is, lists one after the other, and nothing for nothing', () => {
    expect(html`<ul>${[1, 2].map((i) => html`<li>${i}</li>`)}${undefined}${raw('<hr>')}</ul>`.text).toBe(
      '<ul><li>1</li><li>2</li><hr></ul>',
    );
  });
});

describe('settingRows', () => {
  it('names what is nested, and keeps small things in a line', () => {
    const layers = [{ type: 'Conv2D', filters: 32, kernelSize: [3, 3] }, { type: 'Flatten' }];
    const settings = {
      seed: 7,
      shuffle: true,
      missing: undefined,
      sizes: [28, 28],
      optimizer: { name: 'Adam', learningRate: 0.001 },
      architecture: { name: 'cnn', layers },
    };
    expect(settingRows(settings)).toEqual([
      ['seed', '7'],
      ['shuffle', 'true'],
      ['sizes', '28, 28'],
      ['optimizer', 'name Adam, learningRate 0.001'],
      ['architecture.name', 'cnn'],
      ['architecture.layers.0', 'type Conv2D, filters 32, kernelSize [3, 3]'],
      ['architecture.layers.1', 'type Flatten'],
    ]);
  });

  it('leaves no empty row for an object or list without anything in it', () => {
    expect(settingRows({ a: {}, b: [], c: null })).toEqual([
      ['a', '–'],
      ['b', '–'],
      ['c', 'null'],
    ]);
  });
});
