// The tests run what ships: `../lib/room/file.js` in a test means the compiled `dist/room/file.js`.
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const lib = path.join(root, 'lib') + path.sep;

module.exports = (request, options) => {
  if (request.startsWith('.')) {
    const target = path.resolve(options.basedir, request);
    if (target.startsWith(lib))
      return options.defaultResolver(path.join(root, 'dist', target.slice(lib.length)), options);
    if (target.startsWith(path.join(root, '__tests__')) && target.endsWith('.js')) {
      return options.defaultResolver(target.replace(/\.js$/, '.ts'), options);
    }
  }
  return options.defaultResolver(request, options);
};
