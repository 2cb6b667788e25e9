import { visible, visibleLines } from '../../lib/base/index.js';

/** Whether a character is left that Unicode files under controls, separators of lines, or turns of direction. */
const acts = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

test.each([
  ['a screen that is cleared', 'a\x1b[2Jb', 'a\\x1b[2Jb'],
  ['a title', '\x1b]0;gone\x07.jpg', '\\x1b]0;gone\\x07.jpg'],
  ['a sequence by C1', 'a\u009b31mb', 'a\\x9b31mb'],
  ['a line that is written over', 'bad.jpg\rgood.jpg', 'bad.jpg\\rgood.jpg'],
  ['a forged line', 'x\nR² 1.00', 'x\\nR² 1.00'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['delete and backspace', 'a\x7f\bb', 'a\\x7f\\x08b'],
  ['a direction turned', 'a\u202Egpj.exe', 'a\\u202egpj.exe'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a line separator', 'a\u2028b\u0085', 'a\\u2028b\\x85'],
  ['half a pair', 'a\ud83d.jpg\udc00', 'a\\ud83d.jpg\\udc00'],
])('%s is shown', (_, name, shown) => {
  expect(visible(name)).toBe(shown);
});

test.each(['Grüße 上海.jpg', 'C:\\new\\table.onnx', 'می‌خواهم', '👩‍👩‍👧 \u{1f600}', 'a  b', ''])('%p stays', (name) => {
  expect(visible(name)).toBe(name);
});

test('of all code points none is left that acts, and none is changed that shows', () => {
  for (let code = 0; code < 0x30000; code++) {
    const character = String.fromCodePoint(code);
    const shown = visible(character);
    if (acts.test(character)) expect(shown).toMatch(/^\\(n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4})$/);
    else if (shown !== character && code !== 0xfeff && (code < 0xd800 || code > 0xdfff))
      throw new Error(`U+${code.toString(16)} became ${shown}`);
  }
});

test('of several lines the breaks stay', () => {
  expect(visibleLines('a\x1b\nb\r\nc')).toBe('a\\x1b\nb\\r\nc');
});
