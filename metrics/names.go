package metrics

// What Metrics counts itself.
const (
	linesTotal        = "bailiff_lines_total"
	matchesTotal      = "bailiff_matches_total"
	givenUpTotal      = "bailiff_matches_given_up_total"
	failuresTotal     = "bailiff_failures_total"
	unresolvedTotal   = "bailiff_unresolved_failures_total"
	bansTotal         = "bailiff_bans_total"
	unbansTotal       = "bailiff_unbans_total"
	refusedTotal      = "bailiff_bans_refused_total"
	timeToBanSeconds  = "bailiff_time_to_ban_seconds"
	buildInfo         = "bailiff_build_info"
	reloadSuccessful  = "bailiff_config_last_reload_successful"
	reloadSuccessTime = "bailiff_config_last_reload_success_timestamp_seconds"
)

// The names of samples: what others hold and a scrape only mirrors.
const (
	ActiveBans       = "bailiff_active_bans"                      // jail, family
	FailingSubjects  = "bailiff_failing_subjects"                 // jail
	FirewallInfo     = "bailiff_firewall_info"                    // backend
	FirewallRepairs  = "bailiff_firewall_repairs_total"           //
	FirewallDiverges = "bailiff_firewall_divergence"              // jail
	FirewallCuts     = "bailiff_firewall_connections_cut_total"   //
	JailsLeftOut     = "bailiff_jails_left_out"                   //
	Problems         = "bailiff_problem"                          // kind
	LogDropped       = "bailiff_log_dropped_lines_total"          //
	StoreWaiting     = "bailiff_store_waiting"                    //
	FilesOpen        = "bailiff_files_open"                       //
	FileRotations    = "bailiff_file_rotations_total"             //
	FileTruncations  = "bailiff_file_truncations_total"           //
	FileErrors       = "bailiff_file_errors_total"                //
	FileCutLines     = "bailiff_file_cut_lines_total"             //
	FileBadBytes     = "bailiff_file_invalid_bytes_total"         //
	JournalEntries   = "bailiff_journal_entries_total"            //
	JournalGaps      = "bailiff_journal_gaps_total"               //
	JournalLost      = "bailiff_journal_gap_entries_total"        //
	JournalGapTime   = "bailiff_journal_gap_seconds_total"        //
	JournalDropped   = "bailiff_journal_suppressed_entries_total" //
	JournalBadFiles  = "bailiff_journal_bad_files_total"          //
	JournalBadData   = "bailiff_journal_bad_entries_total"        //
	JournalOpenFiles = "bailiff_journal_open_files"               //
)
