// The heatmaps' cells: arrow keys move, focus and pointer show a pair's figures. Folds open for links, for print and all at
// once. The switch of metrics and each fold by itself need no script.
'use strict';
const openAt = (hash) => {
  const section = hash.startsWith('#result-') && document.getElementById(hash.slice(1));
  const fold = section && section.querySelector('details.result');
  if (fold) fold.open = true;
};
addEventListener('hashchange', () => openAt(location.hash));
openAt(location.hash);
document.addEventListener('click', ({ target }) => {
  const link = target.closest('a[href^="#result-"]');
  if (link) openAt(link.getAttribute('href'));
});
const button = document.querySelector('[data-open]');
if (button) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const open = button.dataset.open === '0';
    for (const fold of document.querySelectorAll('details.result')) fold.open = open;
    button.dataset.open = open ? '1' : '0';
    button.textContent = open ? 'Close all' : 'Open all';
  });
}
for (const matrix of document.querySelectorAll('.matrix')) {
  const facts = JSON.parse(matrix.querySelector('script[type="application/json"]').textContent);
  const panel = matrix.querySelector('.details');
  let chosen = null;

  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const cells = [...matrix.querySelectorAll('[data-cell]')];
  const show = (index) => {
    if (index === null) return;
    for (const cell of cells) cell.classList.toggle('shown', cell.dataset.cell === String(index));
    const { heading, figures, notes } = facts.cells[index];
    const list = document.createElement('dl');
    for (const [term, figure] of figures) {
      const line = document.createElement('div');
      line.append(element('dt', term), element('dd', figure));
      list.append(line);
    }
    panel.replaceChildren(element('h4', heading), list, ...notes.map((note) => element('p', note)));
  };
  const choose = (index) => {
    chosen = index;
    for (const cell of cells) cell.setAttribute('tabindex', cell.dataset.cell === String(index) ? '0' : '-1');
    show(index);
  };

  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const last = facts.width - 1;
  const bounded = (at) => Math.max(0, Math.min(last, at));
  matrix.addEventListener('keydown', (event) => {
    const cell = event.target.closest('[data-cell]');
    if (!cell) return;
    const [row, column] = [Math.floor(cell.dataset.cell / facts.width), cell.dataset.cell % facts.width];
    let to = null;
    if (event.key in steps) to = [bounded(row + steps[event.key][0]), bounded(column + steps[event.key][1])];
    if (event.key === 'Home') to = [row, 0];
    if (event.key === 'End') to = [row, last];
    if (to === null) return;
    event.preventDefault();
    cell.ownerSVGElement.querySelector(`[data-cell="${to[0] * facts.width + to[1]}"]`).focus();
  });
  matrix.addEventListener('focusin', ({ target }) => {
    if (target.dataset.cell !== undefined) choose(Number(target.dataset.cell));
  });
  matrix.addEventListener('pointerover', ({ target }) => {
    if (target.dataset.cell !== undefined) show(Number(target.dataset.cell));
  });
  matrix.addEventListener('pointerout', ({ target }) => {
    if (target.dataset.cell !== undefined) show(chosen);
  });
}
