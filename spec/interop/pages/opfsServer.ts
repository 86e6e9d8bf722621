import { serveOpfs } from '../../../lib/storage/browser/index.js';

serveOpfs();
