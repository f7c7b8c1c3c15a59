import Commands

Diptych.start { command in try command.run() }
