import { provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './shell/App.js';
import { FACTS, fetchFacts } from './shell/Facts.js';

fetchFacts()
  .then(facts =>
    bootstrapApplication(App, {
      providers: [provideZonelessChangeDetection(), { provide: FACTS, useValue: facts }],
    }),
  )
  .catch((error: unknown) => {
    console.error(error);
    document.querySelector('.loading')!.textContent =
      'The demo’s server does not answer. Is npm start running?';
  });
