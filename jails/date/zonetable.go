package date

// abbreviation returns the offset that fail2ban gives a zone's short name, in minutes. Names in use in several zones
// mean what it takes them to mean; none switches to summer time. Names that its pattern for zones cannot match are
// left out.
func abbreviation(s string) (minutes int, ok bool) {
	hours, ok := wholeHours(s)
	if ok {
		return hours * 60, true
	}
	switch s {
	case "NFT":
		return 690, true
	case "ACDT", "LHST":
		return 630, true
	case "ACST":
		return 570, true
	case "CCT", "MMT":
		return 390, true
	case "NPT":
		return 345, true
	case "SLT":
		return 330, true
	case "AFT", "IRDT":
		return 270, true
	case "IRST":
		return 210, true
	case "HAT", "NDT":
		return -150, true
	case "HNT", "NST":
		return -210, true
	case "HLV", "VET":
		return -270, true
	case "MART", "MIT":
		return -570, true
	}
	return 0, false
}

// wholeHours returns the offset of those abbreviations that lie whole hours from UTC.
func wholeHours(s string) (hours int, ok bool) {
	switch s {
	case "Y":
		return -12, true
	case "X", "NUT", "SST":
		return -11, true
	case "W", "CKT", "HST", "TKT", "HAST", "TAHT":
		return -10, true
	case "V", "GIT", "HNY", "AKST", "GAMT", "HADT":
		return -9, true
	case "U", "HAY", "HNP", "PST", "AKDT", "CIST":
		return -8, true
	case "T", "HAP", "HNR", "MST", "PDT":
		return -7, true
	case "S", "CST", "HAR", "HNC", "MDT", "EAST", "GALT":
		return -6, true
	case "R", "CDT", "COT", "ECT", "EST", "HAC", "HNE", "PET", "EASST":
		return -5, true
	case "Q", "AST", "BOT", "CLT", "EDT", "FKT", "GYT", "HAE", "HNA", "PYT", "COST":
		return -4, true
	case "P", "ADT", "ART", "BRT", "GFT", "HAA", "SRT", "UYT", "WGT", "CLST", "FKST", "PMST", "PYST":
		return -3, true
	case "O", "FNT", "BRST", "PMDT", "UYST", "WGST":
		return -2, true
	case "N", "CVT", "EGT", "AZOT":
		return -1, true
	case "Z", "GMT", "UTC", "WET", "EGST":
		return 0, true
	case "A", "CET", "DFT", "WAT", "WEDT", "WEST":
		return 1, true
	case "B", "CAT", "EET", "CEDT", "CEST", "SAST", "WAST":
		return 2, true
	case "C", "EAT", "IDT", "MSK", "EEDT", "EEST":
		return 3, true
	case "D", "AMT", "AZT", "GET", "GST", "MSD", "MUT", "RET", "SCT", "KUYT", "SAMT":
		return 4, true
	case "E", "HMT", "MVT", "PKT", "TFT", "TJT", "TMT", "UZT", "AMST", "AQTT", "AZST", "MAWT", "YEKT":
		return 5, true
	case "F", "BTT", "IOT", "KGT", "ALMT", "BIOT", "NOVT", "OMST", "YEKST":
		return 6, true
	case "G", "CXT", "ICT", "THA", "WIB", "DAVT", "HOVT", "KRAT", "NOVST", "OMSST":
		return 7, true
	case "H", "ACT", "BDT", "BNT", "HKT", "MYT", "PHT", "SGT", "WST", "AWST", "CAST", "IRKT", "ULAT", "WITA", "KRAST":
		return 8, true
	case "I", "JST", "KST", "PWT", "TLT", "WDT", "WIT", "AWDT", "YAKT", "IRKST":
		return 9, true
	case "K", "PGT", "AEST", "VLAT", "YAPT", "YAKST":
		return 10, true
	case "L", "NCT", "SBT", "VUT", "AEDT", "LHDT", "MAGT", "PONT", "VLAST":
		return 11, true
	case "M", "FJT", "MHT", "TVT", "WFT", "ANAT", "GILT", "NZST", "PETT", "ANAST", "MAGST", "PETST":
		return 12, true
	case "FJST", "NZDT":
		return 13, true
	}
	return 0, false
}
