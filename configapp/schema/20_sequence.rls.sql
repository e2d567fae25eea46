GRANT USAGE ON SEQUENCE taskrunner_config_submissions TO {{operator}};
