// The vectors are large; each spec states the shape it reads instead of having it inferred.
declare module '*.json' {
  const value: unknown;
  export default value;
}
