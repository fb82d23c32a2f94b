"""What was said in the programs' runs: each asked a stand-in model the same questions."""

# Why events are one call.
OF_SPAN = "an event of the call's span, or a log record that names it"
SAME_RESPONSE = "a response with the same id"
SAME_CALL_ID = "a tool's call with the same id"
BELOW = "its span stands below the call's span"
SAME_MOMENT = "at nearly the same moment"

# The Python programs.
ASSISTANT = "system: You are a weather assistant."
PARIS = "user: How is the weather in Paris?"
CALLS_PARIS = 'assistant calls: get_weather {"city":"Paris"}'
SUNNY = "tool: sunny and 24 degrees in Paris"
SOMBRERO = "assistant: It is sunny in Paris with 24 degrees, so take your sombrero."
ATLANTIS = "user: And how is it in Atlantis?"
CALLS_ATLANTIS = 'assistant calls: get_weather {"city":"Atlantis"}'
PERISCOPE = "assistant: Atlantis is nowhere to be found, so take a periscope."
ONE_QUESTION = [ASSISTANT, PARIS, CALLS_PARIS, SUNNY, SOMBRERO]
GET_WEATHER_PARIS = 'get_weather {"city":"Paris"} -> sunny and 24 degrees in Paris'

# Those in JavaScript and Java.
TELLS = "system: You tell the weather."
LISBON = "user: What is the weather in Lisbon and Atlantis?"
CALLS_LISBON = 'assistant calls: get_weather {"city":"Lisbon"}'
LISBON_IS = 'tool: {"city":"Lisbon","degrees":24,"sky":"sunny"}'
LISBON_IS_SUNNY = 'tool: {"degrees":24,"sky":"sunny"}'
NOWHERE = "assistant: Lisbon is sunny, with 24 degrees; Atlantis is nowhere to be found."
GET_WEATHER_LISBON = 'get_weather {"city":"Lisbon"} -> {"city":"Lisbon","degrees":24,"sky":"sunny"}'

# The agents of the command line.
NOTES = "user: What is the weather in the notes? First list the folder notes, then read missing.txt."
LOOK = "assistant: Let me look."
COMMAND_LINE = "system: You are an agent of the command line."
CODEX_OUTPUT = """\
Chunk ID: 84e14a
Wall time: 0.0000 seconds
Process exited with code 0
Original token count: 2
Output:
a.txt"""
