/** Where Obelisk keeps its data unless OBELISK_DATA_DIR says otherwise. Apart from the environment, for the bootstrap, which has no dependencies. */
export const defaultDataDirectory = ".obelisk";
