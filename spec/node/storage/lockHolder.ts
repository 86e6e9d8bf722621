// Takes a lock in a process of its own, says so, and holds it until it is killed.
import { diskStorage } from '../../../lib/storage/disk/diskStorage.js';

const [folder, name] = process.argv.slice(2);
await diskStorage(folder).lock(name);
process.stdout.write('locked');
setInterval(() => {}, 1 << 30);
