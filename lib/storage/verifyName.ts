const PART = /^[a-z0-9_-]{1,128}$/;

/** Parts between the slashes of a name; more than any layout needs. */
const MAX_PARTS = 16;

/**
 * Checks the name of a file or folder: parts of lower case letters, digits, `-` and `_` between slashes. So no name can leave the place
 * it is opened in, nor mean two different files on a disk that ignores case.
 *
 * @throws RangeError
 * @internal
 */
export function verifyName(name: string): string {
  const parts = name.split('/');
  if (parts.length > MAX_PARTS || !parts.every(part => PART.test(part))) {
    throw new RangeError(
      'files and folders of a storage are named by lower case letters, digits, - and _, between slashes',
    );
  }
  return name;
}

/** The same for a folder, where `''` is the storage itself. @internal */
export function verifyFolder(folder: string): string {
  return folder === '' ? folder : verifyName(folder);
}

/** Whether a file, or a folder, lies in a folder or is it. @internal */
export function liesIn(folder: string, name: string): boolean {
  return folder === '' || name === folder || name.startsWith(`${folder}/`);
}
