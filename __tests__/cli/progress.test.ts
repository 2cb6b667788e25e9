import { duration, ProgressLine } from '../../lib/cli/progress.js';

/** A stream that keeps what is written to it. */
class Screen {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 60,
  ) {}
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const show = (screen: Screen, quiet = false): ProgressLine =>
  new ProgressLine(screen as unknown as NodeJS.WriteStream, quiet);
const step = (done: number, stage = 'extract m on d') => ({ stage, done, total: 1000, unit: 'images' });

test.each([
  [0.04, '0.0 s'],
  [3.21, '3.2 s'],
  [59.4, '59 s'],
  [75, '1:15'],
  [3599.6, '1:00:00'],
  [4000, '1:06:40'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

describe('on a terminal', () => {
  test('one line is rewritten, within the width, and taken away at the end', () => {
    jestNow((tick) => {
      const screen = new Screen(true);
      const line = show(screen);
      line.update(step(0));
      tick(500);
      line.update(step(250));
      expect(screen.text).toMatch(/\rextract m on d: 250 of 1,000 images \(25 %, 1\.5 s left\)/);
      tick(10);
      const before = screen.text;
      line.update(step(255)); // too soon
      expect(screen.text).toBe(before);
      tick(1000);
      line.update(step(1000));
      expect(screen.text).not.toContain('\n');
      for (const part of screen.text.split('\r')) expect(part.length).toBeLessThan(60);
      expect(screen.text).toMatch(/\r +\r$/);
    });
  });
});

describe('elsewhere', () => {
  test('a heading stands alone, and what follows is a stage of its own', () => {
    const screen = new Screen(false);
    const line = show(screen);
    line.heading('Part 1');
    for (const done of [0, 1000]) line.update(step(done));
    line.heading('Part 2');
    for (const done of [0, 1000]) line.update(step(done));
    const kept = screen.text.trimEnd().split('\n');
    expect(kept.map((text) => text.split(':')[0])).toEqual(['Part 1', 'extract m on d', 'Part 2', 'extract m on d']);
    const silent = new Screen(false);
    show(silent, true).heading('Part 1');
    expect(silent.text).toBe('');
  });

  test.each([
    ['a long path', `extract /srv/models/${'deep/'.repeat(20)}mobilenet.onnx on photos`, 'extract', ' on photos'],
    ['a long name', `extract ${'x'.repeat(90)}.onnx on ${'y'.repeat(90)}.zip`, 'extract', 'y.zip'],
    ['a pair of letters in one sign', `extract ${'𝔪'.repeat(100)} on photos`, 'extract', ' on photos'],
  ])('of %s a terminal of 80 columns shows both ends with the figures, and a log all of it', (_, stage, start, end) => {
    jestNow((tick) => {
      const shownBy = (isTTY: boolean): string => {
        const screen = new Screen(isTTY, 80);
        const line = show(screen);
        for (let done = 0; done < 1000; done += 100) {
          line.update(step(done, stage));
          tick(11_000);
        }
        return screen.text;
      };
      const lines = shownBy(true)
        .split(/[\r\n]/)
        .filter((text) => text.trim() !== '');
      expect(lines.length).toBeGreaterThan(4);
      for (const text of lines) {
        expect([...text].length).toBeLessThanOrEqual(80);
        expect(text).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
      }
      expect(lines[3].startsWith(start)).toBe(true);
      expect(lines[3]).toMatch(new RegExp(`…[^:]*${end.replace('.', '\\.')}: \\d+ of 1,000 images \\(.*left\\)`));
      const log = shownBy(false).trimEnd();
      // Words alone may be longer.
      for (const text of log.split('\n')) expect([...text].length <= 80 || !text.includes(' ')).toBe(true);
      expect(log.replaceAll('\n', ' ').split(`${stage}: `).length).toBeGreaterThan(4);
    });
  });

  test('a note is broken at spaces, and a long path in it stays whole', () => {
    const screen = new Screen(false);
    const path = `/srv/${'models/'.repeat(14)}`;
    show(screen).heading(
      `1,000 images to run; their activations take 4 MB in ${path}, where later runs find them again.`,
    );
    const lines = screen.text.trimEnd().split('\n');
    expect(lines.filter((text) => text.length > 80)).toEqual([`${path},`]);
    expect(lines.length).toBe(3);
  });

  test('a plain line comes every ten seconds and at the end', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      for (let done = 0; done <= 1000; done += 10) {
        line.update(step(done));
        tick(250);
      }
      const lines = screen.text.trimEnd().split('\n');
      expect(lines).toHaveLength(3);
      expect(lines[0]).toBe('extract m on d: 400 of 1,000 images (40 %, 40.0 images/s, 15 s left)');
      expect(lines[2]).toBe('extract m on d: 1,000 of 1,000 images (100 %, 40.0 images/s in 25 s)');
    });
  });

  test('what has a limit shows the limit, and claims no time left', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      line.update({ ...step(0), secondsLeft: 30 });
      tick(20_000);
      line.update({ ...step(10), secondsLeft: 10 });
      expect(screen.text).toContain('(1 %, 0.500 images/s, limit in 10 s)');
    });
  });

  test('a quick rate is a whole number', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      line.update(step(0));
      tick(100);
      line.update(step(1000));
      expect(screen.text).toBe('extract m on d: 1,000 of 1,000 images (100 %, 10,000 images/s in 0.1 s)\n');
    });
  });

  test('before long work it says how much there is, and soon how long it takes', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      line.update({ ...step(0, 'plan'), planned: 10_000, note: '10,000 images to run.' });
      expect(screen.text).toBe('10,000 images to run.\n');
      // A first stage that is found finished tells no rate.
      line.update(step(1000, 'extract a'));
      line.update(step(0, 'extract b'));
      tick(2000);
      line.update(step(100, 'extract b'));
      expect(screen.text).not.toContain('rate');
      tick(2000);
      line.update(step(200, 'extract b'));
      // 8,800 at 50 a second.
      expect(screen.text).toContain('At this rate all images take about 3 minutes more.\n');
      tick(20_000);
      line.update(step(900, 'extract b'));
      expect(screen.text.match(/At this rate/g)).toHaveLength(1);
    });
  });

  test('what is done in seconds is not announced', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      line.update({ ...step(0, 'plan'), planned: 1000, note: '1,000 images to run.' });
      line.update(step(0));
      tick(5000);
      line.update(step(10));
      expect(screen.text).toBe('');
    });
  });

  test('what was found finished does not count into the rate', () => {
    jestNow((tick) => {
      const screen = new Screen(false);
      const line = show(screen);
      line.update(step(900));
      tick(10_000);
      line.update(step(1000));
      expect(screen.text).toContain('(100 %, 10.0 images/s in 10 s)');
    });
  });

  test('nothing when quiet', () => {
    const screen = new Screen(false);
    show(screen, true).update(step(1000));
    expect(screen.text).toBe('');
  });
});

/** Runs with a clock that moves by hand. */
function jestNow(body: (tick: (milliseconds: number) => void) => void): void {
  const real = Date.now;
  let now = 1_000_000;
  Date.now = () => now;
  try {
    body((milliseconds) => (now += milliseconds));
  } finally {
    Date.now = real;
  }
}

test('what is known of a data set is said once, whatever slices of it are opened', () => {
  const screen = new Screen(false);
  const line = show(screen);
  const note = '2,000 images in 10 subfolders';
  for (const stage of ['open folder:a[0:5]', 'open folder:a[5:9]', 'open folder:b'])
    line.update({ ...step(0, stage), note });
  expect(screen.text.split(note)).toHaveLength(3);
});
