/**
 * Features of Chromium that tests and benchmarks go without: a second `--disable-features` takes the place of
 * Playwright's, so its list comes first (playwright 1.65, chromiumSwitches.ts).
 *
 * The pop-ups of the address bar are pages of their own since Chromium 150. Nobody sees them here, and loading them
 * takes a second of processor time at every start. And Chromium asks its maker what a page's forms are for.
 */
const FEATURES_OFF = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  'AutofillServerCommunication',
];

/** A Chromium that asks for nothing of its own: without a network that would only fail, and cost time. */
export const QUIET_CHROMIUM = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  `--disable-features=${FEATURES_OFF.join(',')}`,
];
