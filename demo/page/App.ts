import { Component } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { interval } from 'rxjs';
import { hypercoreProtocol } from 'rx-hypercore';

@Component({ selector: 'app-root', template: `<h1>Hypercore {{ count() }} {{ name }}</h1>` })
export class App {
  readonly name = typeof hypercoreProtocol;
  readonly count = toSignal(interval(1000), { initialValue: -1 });
}
