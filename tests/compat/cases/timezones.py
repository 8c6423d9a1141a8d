# /// script
# dependencies = ["pytz", "tzdata", "python-dateutil"]
#
# [tool.compat]
# kinds = ["importlib.resources", "data"]
# ///
"""Three ways to a time zone; zoneinfo reads tzdata through importlib.resources."""

import datetime
import zoneinfo
from importlib import resources

import pytz
from dateutil import tz, zoneinfo as bundled

zoneinfo.reset_tzpath(())
moment = datetime.datetime(2024, 7, 1, 12)
print(moment.replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).isoformat())
print(pytz.timezone("America/New_York").localize(moment).isoformat(), len(pytz.all_timezones) > 500)
print(moment.replace(tzinfo=bundled.get_zonefile_instance().get("Europe/Oslo")).isoformat(), tz.UTC)
print(sorted(p.name for p in resources.files("tzdata.zoneinfo.Indian").iterdir() if p.name != "__pycache__")[:4])
