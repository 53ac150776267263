"""The steps that a Redis or Valkey server makes as one, as its Lua scripts.

A result is a hash: its head, its tags and its body. The keys of all results with a tag are a set,
and a result counts only while it is in the sets of all its tags. So it does not matter which keys a
server without memory evicts: where a set is gone, its results are gone, too.
"""

import re
from hashlib import sha1
from typing import Any


class Script:
    """A script, which the server knows by its digest once it has run there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Any, keys: list[Any], arguments: list[Any]) -> Any:
        """The script's value; raises the library's errors."""
        try:
            return client.evalsha(self.digest, len(keys), *keys, *arguments)
        except Exception as error:
            if not self.is_unknown(error):
                raise
            return client.eval(self.text, len(keys), *keys, *arguments)

    @staticmethod
    def is_unknown(error: Exception) -> bool:
        """Whether the server does not know the script; by name, as the library is an extra."""
        return type(error).__name__ == "NoScriptError"


def is_of_another_kind(error: Exception) -> bool:
    """Whether a key has a value of a wrong type, such as a list in the place of a text."""
    return str(error).startswith("WRONGTYPE")


#: The form of an era: a number that Redis can increment.
ERA_FORM = re.compile(rb"[0-9]{1,17}")
#: Replace an era that has another form, and a list of purges that is no list. As the purges of
#: before are unknown then, the new list has one purge of everything.
_BEGUN = """
local kind = redis.call('type', KEYS[1]).ok
local era = kind == 'string' and redis.call('getrange', KEYS[1], 0, 17) or ''
local wrong = kind ~= 'none' and (#era > 17 or not era:match('^%d+$'))
if wrong then redis.call('set', KEYS[1], FIRST) end
redis.call('set', KEYS[1], FIRST, 'NX')
local listed = redis.call('type', PURGES).ok
if wrong or (listed ~= 'list' and listed ~= 'none') then
  redis.call('del', PURGES)
  redis.call('lpush', PURGES, redis.call('get', KEYS[1]) .. ' ')
end
"""


def _begun(first: str, purges: str) -> str:
    return _BEGUN.replace("FIRST", first).replace("PURGES", purges)


#: The head of a result that counts. The body comes beside it, as a script would copy it twice.
#: KEYS: the result. ARGV: its key, the beginning of the sets' names.
HEAD = Script("""
local size = redis.pcall('hstrlen', KEYS[1], 'tags')
if type(size) ~= 'number' or size > 16384 then return false end
local found = redis.call('hmget', KEYS[1], 'head', 'tags')
if not found[1] or not found[2] then return false end
for at = 1, #found[2], 16 do
  local set = ARGV[2] .. found[2]:sub(at, at + 15)
  if redis.pcall('sismember', set, ARGV[1]) ~= 1 then return false end
end
return found[1]
""")

#: Hold a result unless the era is another; returns whether it is held. Some members of each set are
#: looked at, so that members without a result do not pile up. KEYS: the era, the result, the sets.
#: ARGV: the era, the key, head, tags, body, seconds, the beginning of results' names.
PUT = Script("""#!lua
if redis.pcall('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[2])
redis.call('hset', KEYS[2], 'head', ARGV[3], 'tags', ARGV[4], 'body', ARGV[5])
redis.call('expire', KEYS[2], ARGV[6])
for at = 3, #KEYS do
  if redis.call('type', KEYS[at]).ok ~= 'set' then redis.call('del', KEYS[at]) end
  for _, key in ipairs(redis.call('srandmember', KEYS[at], 3)) do
    if redis.call('exists', ARGV[7] .. key) == 0 then redis.call('srem', KEYS[at], key) end
  end
  redis.call('sadd', KEYS[at], ARGV[2])
  redis.call('expire', KEYS[at], ARGV[6])
end
return 1
""")

#: Begin another era and remove all results with a tag, also where there is no memory for anything
#: else. KEYS: the era, the set of the tag, the list of purges. ARGV: the tag, a first era, the
#: beginning of results' names, the channel, how many purges are listed.
PURGE = Script(f"""#!lua flags=allow-oom
{_begun("ARGV[2]", "KEYS[3]")}
redis.call('incr', KEYS[1])
-- Not the number that INCR returns: Lua writes 14 of its 16 digits, which two eras may share.
local era, count = redis.call('get', KEYS[1]), 0
redis.call('lpush', KEYS[3], era .. ' ' .. ARGV[1])
redis.call('ltrim', KEYS[3], 0, ARGV[5] - 1)
if redis.call('type', KEYS[2]).ok == 'set' then
  for _, key in ipairs(redis.call('smembers', KEYS[2])) do
    count = count + redis.call('unlink', ARGV[3] .. key)
  end
end
redis.call('unlink', KEYS[2])
redis.call('publish', ARGV[4], 'era ' .. era)
return {{era, count}}
""")

#: Leave a claim, if it is still ours, and tell the processes that wait for it. KEYS: the claim.
#: ARGV: our token, the channel, the claim's name.
LEAVE = Script("""
if redis.pcall('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
redis.call('publish', ARGV[2], 'left ' .. ARGV[3])
return 1
""")

#: Keep a claim for longer, if it is still ours. KEYS: the claim. ARGV: our token, milliseconds.
RENEW = Script("""
if redis.pcall('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])
""")

#: The era; a first one where there is none, or none any more. KEYS: the era, the list of purges.
#: ARGV: a first one.
ERA = Script(f"""#!lua flags=allow-oom
{_begun("ARGV[1]", "KEYS[2]")}
return redis.call('get', KEYS[1])
""")

#: Results and their bytes, of some of all keys. ARGV: where to go on, the beginning of results'
#: names.
COUNT = Script("""
local found = redis.call('scan', ARGV[1], 'MATCH', ARGV[2] .. '*', 'COUNT', 1000)
local size = 0
for _, key in ipairs(found[2]) do
  local body = redis.pcall('hstrlen', key, 'body')
  if type(body) == 'number' then size = size + body end
end
return {found[1], #found[2], size}
""")
