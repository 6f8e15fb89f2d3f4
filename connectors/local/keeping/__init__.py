"""What keeps a folder of calendars quick where its files are long: nothing that stands is worked out twice."""
