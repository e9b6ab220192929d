/** The public API of vivarium. */
export {};
