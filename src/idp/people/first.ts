/** `people.yaml` as written at first start: twelve synthetic persons, five of them employees, one of these outside every group. */
export const FIRST_PEOPLE: string = `# The people who can sign in at the local ID-porten and Entra ID. Edit freely: the file is read again when it changes.
# pid: month + 80 and valid check digits, so no real person can stand here. No employee = citizen only.
# Email, phone_number, address and the other standard claims of OpenID Connect may be given by their names; the rest is made up.
# Groups: 00000000-0000-4000-8000-0000000000e1 = case workers, 00000000-0000-4000-8000-0000000000e2 = leaders.
- pid: "01819090285"
  name: {given: Rolig, family: Fjord}
  locale: nb
  eid: BankID
  employee: {NAVident: Z990001, preferred_username: rolig.fjord@example.test, tenant: example.test, groups: [00000000-0000-4000-8000-0000000000e1]}
- pid: "14828530152"
  name: {given: Blid, family: Bjørk}
  locale: nb
  eid: BankID Mobil
  employee: {NAVident: Z990002, preferred_username: blid.bjork@example.test, tenant: example.test, groups: [00000000-0000-4000-8000-0000000000e1, 00000000-0000-4000-8000-0000000000e2]}
- pid: "23857211022"
  name: {given: Stille, family: Skog}
  locale: nn
  eid: Buypass
  employee: {NAVident: Z990003, preferred_username: stille.skog@example.test, tenant: example.test, groups: [00000000-0000-4000-8000-0000000000e2]}
- pid: "07876120660"
  name: {given: Varm, family: Vinter}
  locale: nb
  eid: Commfides
  employee: {NAVident: Z990004, preferred_username: varm.vinter@example.test, tenant: example.test, groups: [00000000-0000-4000-8000-0000000000e1]}
- pid: "30899940071"
  name: {given: Ny, family: Nordavind}
  locale: en
  eid: BankID
  employee: {NAVident: Z990005, preferred_username: ny.nordavind@example.test, tenant: example.test, groups: []}
- pid: "12915409057"
  name: {given: Lun, family: Lykt}
  locale: nb
  eid: BankID
- pid: "19830451091"
  name: {given: Kvikk, family: Kvist}
  locale: nb
  eid: Minid-APP
- pid: "05848833039"
  name: {given: Klar, family: Kilde}
  locale: nn
  eid: BankID Mobil
- pid: "28867912160"
  name: {given: Munter, family: Måke}
  locale: se
  eid: BankID
- pid: "09889345052"
  name: {given: Tålmodig, family: Tind}
  locale: en
  eid: Minid-OTC
- pid: "17906822091"
  name: {given: Snill, family: Strand}
  locale: nb
  eid: Buypass
- pid: "03928114022"
  name: {given: Ærlig, family: Ås}
  locale: nb
  eid: BankID
`;
