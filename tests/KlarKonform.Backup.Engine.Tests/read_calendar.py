"""Reads iCalendar files with python-icalendar and expands them with dateutil: a reader that shares nothing with the writer."""
import datetime
import io
import json
import sys

import icalendar
from dateutil import rrule, tz

out = []
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    # The zones as the file itself defines them, not as this machine knows them. dateutil does not skip X- properties as it should.
    zones = b"".join(zone.to_ical() for zone in calendar.walk("VTIMEZONE")).decode()
    zones = "\n".join(line for line in zones.splitlines() if not line.startswith("X-"))
    defined = tz.tzical(io.StringIO(zones)) if zones else None

    def moment_of(prop):
        """A date, or a time in its zone by the file's own definition."""
        value = prop.dt
        if not isinstance(value, datetime.datetime) or "TZID" not in prop.params:
            return value
        return value.replace(tzinfo=defined.get(prop.params["TZID"]))

    events = []
    for event in calendar.walk("VEVENT"):
        start = moment_of(event["dtstart"])
        all_day = not isinstance(start, datetime.datetime)
        occurrences = [start]
        if "rrule" in event:
            rule = event["rrule"].to_ical().decode()
            zone = None if all_day else start.tzinfo
            first = datetime.datetime.combine(start, datetime.time()) if all_day else start
            dates = event.get("exdate", [])
            dates = dates if isinstance(dates, list) else [dates]
            excluded = {each.dt.replace(tzinfo=zone) if isinstance(each.dt, datetime.datetime) else each.dt for group in dates for each in group.dts}
            # dateutil repeats wall clock times, so the rule is expanded without a zone.
            naive = first.replace(tzinfo=None)
            parts = []
            for part in rule.split(";"):
                if part.startswith("UNTIL=") and part.endswith("Z"):
                    until = datetime.datetime.strptime(part[6:], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
                    part = "UNTIL=" + until.astimezone(zone).strftime("%Y%m%dT%H%M%S")
                parts.append(part)
            expanded = list(rrule.rrulestr(";".join(parts), dtstart=naive)[:400])
            occurrences = [each.date() if all_day else each.replace(tzinfo=zone) for each in expanded]
            occurrences = [each for each in occurrences if each not in excluded]

        def text(moment):
            if not isinstance(moment, datetime.datetime):
                return moment.isoformat()
            return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

        events.append({
            "uid": str(event["uid"]),
            "summary": str(event.get("summary", "")),
            "recurrenceId": text(moment_of(event["recurrence-id"])) if "recurrence-id" in event else None,
            "occurrences": [text(each) for each in occurrences],
            "attendees": [str(each) for each in (event.get("attendee", []) if isinstance(event.get("attendee", []), list) else [event["attendee"]])],
        })
    out.append({"file": name, "zones": [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")], "events": events})
json.dump(out, sys.stdout)
