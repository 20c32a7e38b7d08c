/**
 * How names of zones are spelled. ICU takes them in any case, the C library as names of files: `europe/berlin` is UTC for
 * `date`. Of its own names ICU says the spelling, of other names for the same zones it does not: those are here.
 */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '':
    'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran ' +
    'Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK ' +
    'Singapore Turkey UCT UTC Universal W-SU WET Zulu',
  'Africa/': 'Asmara Timbuktu',
  'America/':
    'Argentina/Buenos_Aires Argentina/Catamarca Argentina/ComodRivadavia Argentina/Cordoba Argentina/Jujuy ' +
    'Argentina/Mendoza Atikokan Atka Ensenada Fort_Wayne Indiana/Indianapolis Kentucky/Louisville Knox_IN Montreal ' +
    'Nipigon Nuuk Pangnirtung Porto_Acre Rainy_River Rosario Santa_Isabel Shiprock Thunder_Bay Virgin Yellowknife',
  'Antarctica/': 'South_Pole',
  'Asia/':
    'Ashkhabad Choibalsan Chongqing Chungking Dacca Harbin Ho_Chi_Minh Istanbul Kashgar Kathmandu Kolkata Macao ' +
    'Tel_Aviv Thimbu Ujung_Pandang Ulan_Bator Yangon',
  'Atlantic/': 'Faroe Jan_Mayen',
  'Australia/': 'ACT Canberra Currie LHI NSW North Queensland South Tasmania Victoria West Yancowinna',
  'Brazil/': 'Acre DeNoronha East West',
  'Canada/': 'Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon',
  'Chile/': 'Continental EasterIsland',
  'Etc/': 'GMT GMT+0 GMT-0 GMT0 Greenwich UCT UTC Universal Zulu',
  'Europe/': 'Belfast Kyiv Nicosia Tiraspol Uzhgorod Zaporozhye',
  'Mexico/': 'BajaNorte BajaSur General',
  'Pacific/': 'Chuuk Johnston Kanton Pohnpei Samoa Yap',
  'US/':
    'Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan Mountain Pacific Samoa',
};

/**
 * The spelling of a name that ICU takes in any case.
 * @param resolved what ICU calls the zone
 * @returns the name itself where it is newer than the list and may be right
 */
export function spellingOf(name: string, resolved: string): string | undefined {
  const isMeant = (other: string) => other.toLowerCase() === name.toLowerCase();
  if (isMeant(resolved)) {
    return resolved;
  }
  const known = Object.entries(OTHER_NAMES).flatMap(([area, names]) =>
    names.split(' ').map((each) => `${area}${each}`),
  );
  return known.find(isMeant) ?? (/^[A-Z]/.test(name) ? name : undefined);
}
