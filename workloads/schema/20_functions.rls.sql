GRANT EXECUTE ON FUNCTION taskrunner_match_fetched_pages TO {{client}};
