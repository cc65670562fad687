// Firefox and WebKitGTK from the system's packages.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installSystemPackage } from '../apt.mjs';

const FIREFOX_PATHS = [process.env.FIREFOX_PATH, '/usr/bin/firefox-esr', '/usr/bin/firefox'];

const findInstalledFirefox = () => FIREFOX_PATHS.find((path) => path && existsSync(path));

/**
 * Path of a Firefox, installed when there is none and we may; null on systems other than Debian's. Ends this process where
 * there should be one and is none.
 */
export function findFirefox() {
  return orElse(
    findInstalledFirefox,
    ['firefox-esr'],
    'Firefox',
    'Set FIREFOX_PATH to one that is installed.',
  );
}

/** Path of WebKitGTK's small browser; as `findFirefox`. It needs a display, which xvfb-run gives. */
export function findWebKit() {
  const packages = [
    'webkit2gtk-driver',
    'xvfb',
    'xauth',
    'gstreamer1.0-plugins-good',
    'gstreamer1.0-plugins-bad',
    'gstreamer1.0-libav',
  ];
  return orElse(findMiniBrowser, packages, 'WebKitGTK', 'It is in Debian and Ubuntu.');
}

function findMiniBrowser() {
  if (process.env.MINIBROWSER_PATH) return process.env.MINIBROWSER_PATH;
  const libraries = '/usr/lib';
  if (!existsSync('/usr/bin/WebKitWebDriver') || !existsSync('/usr/bin/xvfb-run')) return undefined;
  const folders = readdirSync(libraries).filter((name) => name.endsWith('-linux-gnu'));
  // Without FFmpeg's decoders it starts, and reads no H.264.
  if (!folders.some((folder) => existsSync(join(libraries, folder, 'gstreamer-1.0/libgstlibav.so'))))
    return undefined;
  return folders
    .flatMap((folder) =>
      ['webkit2gtk-4.1', 'webkit2gtk-4.0'].map((kit) => join(libraries, folder, kit, 'MiniBrowser')),
    )
    .find(existsSync);
}

/**
 * @param {() => string | undefined} find
 * @param {string[]} packages
 * @param {string} title
 * @param {string} otherwise
 * @returns {string | null}
 */
function orElse(find, packages, title, otherwise) {
  const found = find();
  if (found) return found;
  if (!existsSync('/usr/bin/apt-get')) {
    console.error(
      `\n!! NOT TESTED in ${title}: it is not on this machine, which has no apt to install it with. ${otherwise}\n`,
    );
    return null;
  }
  for (const name of packages) if (!installSystemPackage(name, title)) break;
  const installed = find();
  if (installed) return installed;
  console.error(
    `${title} is not on this machine, and could not be installed (Debian: apt-get install ${packages.join(' ')}). ${otherwise}`,
  );
  process.exit(1);
}
