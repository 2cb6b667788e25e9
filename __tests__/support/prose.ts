import ts from 'typescript';

/** A text for people that an assertion holds: two words or more beside each other. */
export interface ProseAssertion {
  /** From 1. */
  line: number;
  matcher: string;
  text: string;
}

/** Matchers whose argument is a text, or holds one. */
const matchers = new Set([
  ...['toThrow', 'toMatch', 'toContain', 'toContainEqual', 'toBe', 'toEqual', 'toStrictEqual', 'toMatchObject'],
  ...['toHaveProperty', 'stringContaining', 'stringMatching', 'toHaveBeenCalledWith', 'coded'],
]);

/** Two words with a space between them, whatever else is around (markup is none); a regular expression's gaps are spaces, too. */
const words = /(?<![\p{L}\d_./\\-])\p{L}{2,}[,;:.'’)]{0,2}\s+(?:a\s+)?\(?\p{L}{2,}(?![\p{L}\d_/\\-]|\.[\p{L}\d])/u;

/** Matchers of values: a name of two words is one, a text of four is a sentence. */
const exact = new Set(['toBe', 'toEqual', 'toStrictEqual', 'toContainEqual', 'toMatchObject', 'toHaveProperty']);
const sentence = new RegExp(`${words.source}(?:[^\\p{L}]+\\p{L}+){2}`, 'u');

/**
 * The assertions of a test that hold prose. An argument that is a name leads to where it is declared: to a constant, or to the
 * column of a `test.each`, so that a table of sentences counts once for each of its rows.
 */
export function proseAssertions(name: string, source: string): ProseAssertion[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found: ProseAssertion[] = [];
  const seen = new Set<ts.Node>();
  const note = (matcher: string, node: ts.Node, text: string): void => {
    if (seen.has(node) || !(exact.has(matcher) ? sentence : words).test(text.replace(/<[^>]*>/g, ' '))) return;
    seen.add(node);
    found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, matcher, text });
  };
  const within = (matcher: string, node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) note(matcher, node, node.text);
    else if (ts.isRegularExpressionLiteral(node)) note(matcher, node, plain(node.text));
    else if (ts.isTemplateExpression(node)) note(matcher, node, joined(node));
    else if (ts.isIdentifier(node)) for (const value of declared(node)) within(matcher, value);
    else if (ts.isPropertyAssignment(node)) within(matcher, node.initializer);
    else if (ts.isShorthandPropertyAssignment(node)) within(matcher, node.name);
    else if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      // What a call of another function is given is input, unless it makes the text that is compared.
      const callee = node.expression.getText();
      const [, inner] = /(?:^expect\.(?:not\.)?|^)(\w+)$/.exec(callee) ?? [];
      if (matchers.has(inner) || ['RegExp', 'objectContaining', 'arrayContaining'].includes(inner)) {
        node.arguments?.forEach((each) => within(matchers.has(inner) ? inner : matcher, each));
      }
    } else if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node) || ts.isSpreadElement(node)) {
      node.forEachChild((child) => within(matcher, child));
    } else if (ts.isAsExpression(node) || ts.isConditionalExpression(node) || ts.isBinaryExpression(node)) {
      node.forEachChild((child) => within(matcher, child));
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const callee = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
      if (matchers.has(callee) && /\bexpect\b|^coded$/.test(node.getText())) {
        node.arguments.forEach((each) => within(callee, each));
      }
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found.sort((a, b) => a.line - b.line);
}

const plain = (pattern: string): string =>
  pattern
    .replace(/^\/|\/\w*$/g, '')
    .replace(/\\[bsdwSDWn][*+?]?|\.[*+]\??/g, ' ')
    .replace(/(?<!\\)\|/g, ' | ')
    .replace(/\\(.)/g, '$1')
    .replace(/[()]/g, '')
    .replace(/[[\]^$?*+{}]/g, ' ');

const joined = (node: ts.TemplateExpression): string =>
  node.head.text + node.templateSpans.map(({ literal }) => `_${literal.text}`).join('');

/** What a name stands for in its file: the constant, or a column of the table of a `test.each`. */
function declared(use: ts.Identifier): ts.Expression[] {
  for (let scope: ts.Node = use.parent; scope; scope = scope.parent) {
    if (ts.isFunctionLike(scope)) {
      const column = columnOf(scope, use.text);
      if (column) return column;
    }
    if (ts.isForOfStatement(scope) && ts.isVariableDeclarationList(scope.initializer)) {
      const [{ name }] = scope.initializer.declarations;
      if (mentions(name, use.text)) return valuesOf(literal(scope.expression), name, 0, use.text);
    }
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (ts.isIdentifier(name) && name.text === use.text) return initializer ? [initializer] : [];
      }
    }
  }
  return [];
}

/** The values of a parameter of a callback that a table is given to: `test.each([[1, 'a b']])('…', (n, text) => …)`. */
function columnOf(callback: ts.SignatureDeclaration, name: string): ts.Expression[] | undefined {
  const at = callback.parameters.findIndex((parameter) => mentions(parameter.name, name));
  if (at < 0) return undefined;
  const call = callback.parent;
  if (!ts.isCallExpression(call) || !ts.isCallExpression(call.expression)) return [];
  if (!/\.each$/.test(call.expression.expression.getText())) return [];
  return valuesOf(literal(call.expression.arguments[0]), callback.parameters[at].name, at, name);
}

/** What a name stands for in the rows of a table, at this place of them or within a pattern that takes them apart. */
function valuesOf(
  table: ts.Expression | undefined,
  binding: ts.BindingName,
  at: number,
  name: string,
): ts.Expression[] {
  if (!table || !ts.isArrayLiteralExpression(table)) return [];
  const column = ts.isArrayBindingPattern(binding)
    ? binding.elements.findIndex((element) => ts.isBindingElement(element) && mentions(element.name, name))
    : at;
  return table.elements.flatMap((element): ts.Expression[] => {
    const row = literal(element);
    if (!row) return [];
    if (ts.isArrayLiteralExpression(row)) return row.elements.slice(column, column + 1);
    if (!ts.isObjectLiteralExpression(row) || ts.isIdentifier(binding)) return ts.isStringLiteralLike(row) ? [row] : [];
    return row.properties.flatMap((property) =>
      ts.isPropertyAssignment(property) && property.name.getText() === name ? [property.initializer] : [],
    );
  });
}

const mentions = (binding: ts.BindingName, name: string): boolean =>
  ts.isIdentifier(binding)
    ? binding.text === name
    : binding.elements.some((element) => ts.isBindingElement(element) && mentions(element.name, name));

/** The literal behind a name and `as const`. */
function literal(node: ts.Expression | undefined): ts.Expression | undefined {
  if (!node) return undefined;
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return literal(node.expression);
  if (ts.isIdentifier(node)) return literal(declared(node)[0]);
  return node;
}
